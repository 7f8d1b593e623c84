from sklearn.base import Classifier

class CalibratedClassifierCV(Classifier):
    def __init__(self, *args: object, **settings: object) -> None: ...
