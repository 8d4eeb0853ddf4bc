"""Qt's translation files (.ts): read, written, and compared with the texts that there are."""

import re
import xml.etree.ElementTree as ElementTree

#: What is put into a text: `{name}` by Python's `format`, `%v` by Qt's progress bars.
PLACEHOLDER = re.compile(r"(?<!\{)\{[^{}]+\}(?!\})|%[vmp]\b")


def readTranslations(path):
    """:return: {(context, text): translation} of a .ts file; empty where there is none."""
    if not path.is_file():
        return {}
    return {
        (context.findtext("name"), message.findtext("source")): message.findtext("translation") or ""
        for context in ElementTree.parse(path).iter("context")
        for message in context.iter("message")
    }


def writeTranslations(path, language, messages, translations):
    """Write a .ts file.

    :param path: the file.
    :param language: such as "de_DE".
    :param messages: {context: [texts]}.
    :param translations: {(context, text): translation}; what is missing is marked as unfinished.
    """
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en_US")
    for context in sorted(messages):
        element = ElementTree.SubElement(root, "context")
        ElementTree.SubElement(element, "name").text = context
        for text in messages[context]:
            translation = translations.get((context, text), "")
            message = ElementTree.SubElement(element, "message")
            ElementTree.SubElement(message, "source").text = text
            attributes = {} if translation else {"type": "unfinished"}
            ElementTree.SubElement(message, "translation", attributes).text = translation
    ElementTree.indent(root, " " * 4)
    content = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{content}\n', encoding="utf-8")


def problems(messages, translations):
    """Return what is wrong with a translation.

    :param messages: {context: [texts]}.
    :param translations: {(context, text): translation}.
    :return: one line for each text that is missing or gone, or whose translation holds other placeholders or spaces.
    """
    texts = [(context, text) for context, ofContext in messages.items() for text in ofContext]
    found = [f"{context}: '{text}' is gone from the sources" for context, text in set(translations) - set(texts)]
    for context, text in texts:
        translation = translations.get((context, text), "")
        if not translation:
            found.append(f"{context}: '{text}' is not translated")
        elif sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(translation)):
            found.append(f"{context}: '{text}' and '{translation}' have other placeholders")
        elif _endsOf(text) != _endsOf(translation):
            found.append(f"{context}: '{text}' and '{translation}' begin or end differently")
    return sorted(found)


def _endsOf(text):
    """Return the spaces at both ends and the punctuation at the end, to which other texts are joined."""
    return re.match(r"\s*", text)[0], re.search(r"[.:…]*\s*$", text)[0]
