"""Through time: an object followed over the frames of a sequence."""
