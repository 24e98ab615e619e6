"""A blind listening test; its core imports neither gradio nor torch."""
