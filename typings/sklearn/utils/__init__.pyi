class InputTags:
    allow_nan: bool

class Tags:
    estimator_type: str | None
    input_tags: InputTags

def get_tags(estimator: object) -> Tags: ...
