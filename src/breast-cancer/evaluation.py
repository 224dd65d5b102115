"""The metric that the tuning job maximizes."""

from sklearn.model_selection import StratifiedKFold, cross_val_score


def cross_validated_auc(model, features, target, folds):
    """The mean area under the ROC curve over the folds, the same ones for each configuration."""
    split = StratifiedKFold(n_splits=folds, shuffle=True, random_state=0)
    return cross_val_score(model, features, target, cv=split, scoring="roc_auc").mean()
