from sklearn.base import Classifier

class DummyClassifier(Classifier):
    strategy: str
    def __init__(self, *args: object, **settings: object) -> None: ...
