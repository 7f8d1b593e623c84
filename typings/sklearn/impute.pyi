from sklearn.base import Transformer

class SimpleImputer(Transformer):
    def __init__(self, *args: object, **settings: object) -> None: ...
