"""The compiled part: everything here is cells and costs; no model, no labels."""
# pyright: reportArgumentType=false, reportCallIssue=false, reportReturnType=false
