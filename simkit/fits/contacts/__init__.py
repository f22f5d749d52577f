"""Fatigue and rates from a log of messages sent."""
