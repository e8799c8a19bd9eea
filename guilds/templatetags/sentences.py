"""Filters for parts of sentences."""

from django import template

from gamesched.lib.sentences import join_and

register = template.Library()
register.filter("join_and", join_and)
