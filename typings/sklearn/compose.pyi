from sklearn.base import Transformer

class ColumnTransformer(Transformer):
    def __init__(self, *args: object, **settings: object) -> None: ...
