"""What annotation costs: a simulated reader segments labeled objects in several ways, and the time is modeled."""
