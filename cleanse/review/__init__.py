"""Duplicates judged by people: decisions as text, and the workbook they are made in."""
