"""Routes of the listening test."""
from fastapi import APIRouter

def router() -> APIRouter:
    """Build the router."""
    return APIRouter()
