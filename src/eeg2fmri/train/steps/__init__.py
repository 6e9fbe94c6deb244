"""Take the steps of a training: order, losses, penalties, engine."""
