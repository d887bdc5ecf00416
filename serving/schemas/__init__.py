"""The bodies of requests and answers as OpenAPI documents them.

Requests are checked by hand-written code, for speed and for sentences, and answers written without
passing through these models; tests hold both to them.
"""

from serving.schemas.base import (
    ID,
    LINE,
    MOMENT,
    TIME_ZONE,
    FieldErrorOut,
    Line,
    ProblemOut,
    Strict,
    TimeZone,
)
from serving.schemas.decisions import (
    SCORE_EXAMPLE,
    SCORES_EXAMPLE,
    ContactIn,
    DecisionOut,
    EventIn,
    ScoreIn,
    ScoresIn,
    ScoresOut,
    UtilityIn,
)
from serving.schemas.rights import ErasedOut, ExportOut
from serving.schemas.service import InServiceOut, ModelOut, ReadyOut, StatusOut
from serving.schemas.stored import (
    CURSOR,
    CampaignIn,
    CampaignOut,
    DescribedIn,
    FeedbackIn,
    FeedbackOut,
    PersonOut,
    ReceiptOut,
    ReceiptsOut,
    StoredContactIn,
    StoredEventIn,
    WebhookRowIn,
    WorklistOut,
)

__all__ = [
    "CURSOR",
    "ID",
    "LINE",
    "MOMENT",
    "SCORES_EXAMPLE",
    "SCORE_EXAMPLE",
    "TIME_ZONE",
    "CampaignIn",
    "CampaignOut",
    "ContactIn",
    "DecisionOut",
    "DescribedIn",
    "ErasedOut",
    "EventIn",
    "ExportOut",
    "FeedbackIn",
    "FeedbackOut",
    "FieldErrorOut",
    "InServiceOut",
    "Line",
    "ModelOut",
    "PersonOut",
    "ProblemOut",
    "ReadyOut",
    "ReceiptOut",
    "ReceiptsOut",
    "ScoreIn",
    "ScoresIn",
    "ScoresOut",
    "StatusOut",
    "StoredContactIn",
    "StoredEventIn",
    "Strict",
    "TimeZone",
    "UtilityIn",
    "WebhookRowIn",
    "WorklistOut",
]
