"""Samples, preprocessing, augmentation and pairs."""
