"""Writes what Python's configparser makes of each text: `python3 ask_configparser.py > configparser.json`."""

import configparser
import json
import sys

TEXTS = {
    "delimiters": "[a]\nx = 1\ny: 2\nz=3=4:5\nw : a = b\nurl = https://h:1/p\n",
    "no space": "[a]\nx=1\n",
    "empty value": "[a]\nx =\ny = 2\n",
    "case of keys": "[a]\nSocket_Host = V\n",
    "case of sections": "[a]\nx = 1\n[A]\nx = 2\n",
    "comment lines": "# one\n; two\n[a]\n  # three\nx = 1\n;y = 2\n",
    "comment characters in values": "[a]\nsecret = ab#cd;ef\nspaced = ab #cd ;ef\nfirst = #ab\nsemi = ;ab\n",
    "quotes stay": "[a]\nx = \"quoted\"\ny = 'q'\n",
    "continuation": "[a]\nx = one\n  two\n\tthree\ny = 4\n",
    "continuation that looks like a key": "[a]\nx = one\n  y = 2\n",
    "continuation with comment and empty line": "[a]\nx = one\n  # no\n  two\n\n  three\n\ny = 4\n",
    "continuation that looks like a section": "[a]\nx = one\n  [b]\n",
    "indented keys": "[a]\n  x = 1\n  y = 2\nz = 3\n",
    "indented section": "  [a]\n  x = 1\n",
    "text after a section": "[a] # why\nx = 1\n",
    "crlf": "[a]\r\nx = 1\r\n  2\r\ny = 3\r\n",
    "white space around": "[a]\nx =   v  w  \t\n",
    "interpolation": "[a]\nname = n\nx = <%(name)s>\ny = %(x)s%(x)s\n",
    "interpolation of another case": "[a]\nName = n\nx = %(NAME)s\n",
    "interpolation of default": "[DEFAULT]\nd = 1\n[a]\nx = %(d)s\n",
    "section before default": "[DEFAULT]\nd = 1\n[a]\nd = 2\nx = %(d)s\n",
    "percent": "[a]\nx = 100%%\ny = %%(x)s\nz = %%%%\n",
    "percent alone": "[a]\nx = 100%\n",
    "percent letter": "[a]\nx = %s\n",
    "percent open": "[a]\nx = %(name\n",
    "percent without s": "[a]\nname = 1\nx = %(name)d\n",
    "interpolation missing": "[a]\nx = %(nope)s\n",
    "interpolation circle": "[a]\nx = %(y)s\ny = %(x)s\n",
    "interpolation of itself": "[a]\nx = %(x)s\n",
    "dollar": "[a]\nx = ${y}$y\n",
    "unicode": "[a]\nx = ü\u20ac\n",
    "duplicate key": "[a]\nx = 1\nX = 2\n",
    "duplicate section": "[a]\nx = 1\n[a]\ny = 2\n",
    "default twice": "[DEFAULT]\nx = 1\n[a]\nz = %(x)s%(y)s\n[DEFAULT]\ny = 2\n",
    "no section": "x = 1\n",
    "no delimiter": "[a]\nx\n",
    "no key": "[a]\n= 1\n",
    "unclosed section": "[a\nx = 1\n",
    "empty": "",
}


def answer(text):
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text)
        return {
            section: {key: parser.get(section, key) for key in parser._sections[section]}
            for section in parser.sections()
        }
    except configparser.Error as error:
        return type(error).__name__


json.dump([{"name": n, "text": t, "answer": answer(t)} for n, t in TEXTS.items()], sys.stdout, indent=1)
sys.stdout.write("\n")
