"""nnInteractive's remote protocol, so that viewers which speak it can be given this server's address.

Facts on the protocol are from the client's own source (PyPI ``nninteractive-client`` 2.6.0, Apache-2.0).
"""
