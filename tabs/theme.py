"""Colours and fonts of the page; everything else is in static/style.css."""

import gradio as gr

# Plain font names: a named web font would be asked for at another host.
THEME = gr.themes.Soft(
    primary_hue="indigo", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
).set(
    background_fill_primary="*neutral_50",  # Soft's own; set() would bring back plain white
    block_title_background_fill="transparent",
    block_title_background_fill_dark="transparent",
    block_title_padding="0",
    block_title_text_color="*body_text_color",
    block_title_text_color_dark="*body_text_color",
    block_title_text_weight="600",
)
