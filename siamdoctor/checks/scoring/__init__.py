"""The model may be fine: how its output is read, thresholded and scored."""
