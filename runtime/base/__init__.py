"""What every package may use: errors, ids, labels, settings, events, the guarded client and the limited worker."""
