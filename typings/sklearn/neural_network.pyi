from sklearn.base import Classifier

class MLPClassifier(Classifier):
    def __init__(self, *args: object, **settings: object) -> None: ...
