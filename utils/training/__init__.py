"""Training: what is decayed and how fast, the rate over time, the loop, transfer."""
