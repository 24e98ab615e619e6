"""The three tabs of the app; apart from app.py the only place that imports gradio."""
