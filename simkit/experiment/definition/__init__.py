"""What an experiment file may say, and the scenarios it stands for."""
