"""What an app is: its language, its compiler, its node types and the planning strategies."""
