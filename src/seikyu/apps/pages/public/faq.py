"""The pages of frequent questions: by topic, by search, and for programs."""

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.apps.pages.public.questions import (
    QUERY_CHARS,
    Question,
    Topic,
    paragraphs,
    pieces,
    questions,
    search,
    topics,
)
from seikyu.apps.pages.public.tools import shown, tools
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.ports.errors import NotFound


def faq_routes(pages: Pages) -> list[Route]:
    """Return the routes of a face."""
    own = [
        pages.route("/faq", show_questions, login=False),
        *(pages.route(f"/faq/{name}", show_topic, login=False) for name in topics()),
        pages.route("/faq/{topic}", show_topic, login=False),
    ]
    if pages.face == "public":
        own.append(pages.route("/faq.json", tell_questions, login=False))
    return own


def show_questions(visit: Visit) -> Response:
    """Show the topics, or what a search has found."""
    query = _query(visit)
    found = search(query)
    return visit.show(
        "public/faq.html", query=query, most=QUERY_CHARS, found=[_shown(visit, each, query) for each in found],
        topics=[_listed(visit, each) for each in topics().values()],
        more=shown(visit, ("contact", "doctor")),
    )  # fmt: skip


def show_topic(visit: Visit) -> Response:
    """Show the questions of one topic with their answers. Errors: NotFound."""
    topic = topics().get(visit.request.url.path.rpartition("/")[2])
    if topic is None:
        raise NotFound("no such topic")
    return visit.show(
        "public/faq_topic.html", topic=_listed(visit, topic), most=QUERY_CHARS,
        items=[_shown(visit, each, "") for each in topic.questions],
        others=[_listed(visit, each) for each in topics().values() if each is not topic],
    )  # fmt: skip


def tell_questions(visit: Visit) -> Response:
    """Tell the same to a program."""
    return JSONResponse(faq_on_wire(_query(visit)), headers={"Cache-Control": "no-cache"})


def faq_on_wire(query: str = "", topic: str = "") -> dict[str, Any]:
    """Return questions for programs: those that a search finds, or all of them, of a topic if one is named."""
    found = search(query) if query.strip() else questions()
    items = [question_on_wire(each) for each in found if topic in {"", each.topic}]
    return {
        "topics": [{"id": each.id, "ja": each.ja, "en": each.en} for each in topics().values()],
        "items": items,
    }


def question_on_wire(question: Question) -> dict[str, Any]:
    """Return one question for programs."""
    links = [tools()[name] for name in question.tools]
    return {
        "id": question.id,
        "topic": question.topic,
        "question_ja": question.ja,
        "question_en": question.en,
        "reading": question.reading,
        "answer_ja": question.answer_ja,
        "answer_en": question.answer_en,
        "links": [each.path for each in links if each.path],
        "commands": [each.command for each in links if each.command],
        "source": question.source,
    }


def _query(visit: Visit) -> str:
    return visit.request.query_params.get("q", "")[:QUERY_CHARS].replace("\0", "").strip()


def _listed(visit: Visit, topic: Topic) -> dict[str, Any]:
    return {"id": topic.id, "path": f"/faq/{topic.id}", "title": visit.label(topic), "count": len(topic.questions),
            "questions": [{"id": each.id, "title": each.title(visit.lang)} for each in topic.questions]}  # fmt: skip


def _shown(visit: Visit, question: Question, query: str) -> dict[str, Any]:
    return {
        "id": question.id,
        "path": f"/faq/{question.topic}#{question.id}",
        "topic": visit.label(topics()[question.topic]),
        "title": pieces(question.title(visit.lang), query),
        "answer": list(paragraphs(question, visit.lang, query)),
        "tools": shown(visit, question.tools),
    }
