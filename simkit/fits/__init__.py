"""Estimates from a firm's own data."""
