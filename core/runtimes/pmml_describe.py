"""What a PMML file says of its model, in the words of the model's page."""

from collections import Counter

from core.runtimes.pmml_document import Document

_FUNCTIONS = {
    "classification": "classification",
    "regression": "regression",
    "clustering": "clustering",
    "associationRules": "association",
    "mixed": "regression",
}
_ALGORITHMS = {
    "AnomalyDetectionModel": "Anomaly detection",
    "AssociationModel": "Association rules",
    "ClusteringModel": "Clustering",
    "GeneralRegressionModel": "General regression",
    "MiningModel": "Ensemble",
    "NaiveBayesModel": "Naive Bayes",
    "NearestNeighborModel": "Nearest neighbours",
    "NeuralNetwork": "Neural network",
    "RegressionModel": "Regression",
    "RuleSetModel": "Rule set",
    "Scorecard": "Scorecard",
    "SupportVectorMachineModel": "Support vector machine",
    "TreeModel": "Decision tree",
}
_METHODS = {
    "average": "average of",
    "majorityVote": "majority vote of",
    "max": "maximum of",
    "median": "median of",
    "modelChain": "chain of",
    "selectFirst": "first that fits of",
    "sum": "sum of",
    "weightedAverage": "weighted average of",
    "weightedMajorityVote": "weighted majority vote of",
    "weightedMedian": "weighted median of",
    "weightedSum": "weighted sum of",
}


def function_of(document: Document) -> str:
    """Return what the model does, in the words of `ModelInfo`."""
    if document.model.tag == "AnomalyDetectionModel":
        return "anomaly detection"
    return _FUNCTIONS.get(document.model.get("functionName", ""), "transformation")


def algorithm_of(document: Document) -> str:
    """Return the kind of model; for an ensemble what it combines, and how."""
    model = document.model
    segmentation = model.find("Segmentation")
    if segmentation is None:
        kind = _ALGORITHMS.get(model.tag, model.tag)
        normalized = model.get("normalizationMethod", "none")
        if model.tag == "RegressionModel":
            logistic = function_of(document) == "classification" or normalized == "logit"
            return "Logistic regression" if logistic else "Linear regression"
        return kind
    kinds = Counter(
        part.tag for segment in segmentation for part in segment if part.tag in _ALGORITHMS
    )
    parts = " and ".join(f"{count} × {_ALGORITHMS[tag].lower()}" for tag, count in kinds.items())
    method = _METHODS.get(segmentation.get("multipleModelMethod", ""), "ensemble of")
    return f"{method[0].upper()}{method[1:]} {parts}"


def details_of(document: Document) -> dict[str, str]:
    """Return facts of the file: who made it, when, with what, and how large the model is."""
    found = {
        "PMML version": document.version,
        "producer": _producer(document),
        "model element": document.model.tag,
        "model name": document.model.get("modelName", ""),
        "algorithm name": document.model.get("algorithmName", ""),
        "description": _header(document, "description"),
        "copyright": _header(document, "copyright"),
        "created": (document.root.findtext("Header/Timestamp") or "").strip(),
        "trees": _count(document, "TreeModel"),
        "nodes": _count(document, "Node"),
        "rules": _count(document, "SimpleRule", "AssociationRule"),
        "support vectors": _count(document, "VectorInstance"),
        "neurons": _count(document, "Neuron"),
        "clusters": _count(document, "Cluster"),
        "mended": " ".join(document.mended),
    }
    return {key: value for key, value in found.items() if value}


def _producer(document: Document) -> str:
    application = document.find("Header/Application")
    if application is None:
        return ""
    return f"{application.get('name', '')} {application.get('version', '')}".strip()


def _header(document: Document, key: str) -> str:
    header = document.find("Header")
    return header.get(key, "") if header is not None else ""


def _count(document: Document, *tags: str) -> str:
    count = sum(1 for _ in document.elements(*tags))
    return str(count) if count else ""
