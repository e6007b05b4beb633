"""The builder's screens; they reach the runtime by HTTP only."""
