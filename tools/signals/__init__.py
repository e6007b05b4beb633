"""Sensor histories: reading, anomaly detection, fault diagnosis, charts. Pure functions; the servers wrap them."""
