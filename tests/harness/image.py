"""Carries out the Dockerfile's steps in chroots, as an engine would, for where there is no engine."""

import re
import shlex
import shutil
from pathlib import Path


class Stage:
    def __init__(self, chroot):
        self.chroot, self.directory, self.user = chroot, "/", "root"
        self.entry_point = []


def instructions(text):
    """(instruction, rest) pairs: comments dropped, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            name, rest = line.split(None, 1)
            yield name.upper(), rest.strip()


class ImageSteps:
    """`base`: a chroot that stands for the FROM image; `context`: the folder that is built."""

    def __init__(self, base, context, work):
        self.base, self.context, self.work = base, Path(context), Path(work)
        self.stages, self.now = {}, None
        ignored = (self.context / ".dockerignore").read_text().splitlines()
        self.sent = [Path(line.removeprefix("!")) for line in ignored if line.startswith("!")]  # all else is ignored

    def build(self):
        self.work.mkdir(parents=True, exist_ok=True)
        for name, rest in instructions((self.context / "Dockerfile").read_text()):
            step = getattr(self, name.lower(), None)
            if step is None:
                raise SystemExit(f"fresh_machine: the Dockerfile's {name} is not known here")
            print(f"  {name} {rest[:100]}", flush=True)
            step(rest)
        return self.now

    def arg(self, rest):
        pass

    def volume(self, rest):
        pass

    def from_(self, rest):
        words = rest.split()
        name = words[2] if len(words) == 3 else f"stage{len(self.stages)}"
        self.now = Stage(self.base.copy(self.work / name))
        self.stages[name] = self.now

    def workdir(self, rest):
        self.now.directory = rest
        self.now.chroot.path(rest).mkdir(parents=True, exist_ok=True)

    def user(self, rest):
        self.now.user = rest

    def entrypoint(self, rest):
        self.now.entry_point = [word.strip('" ') for word in rest.strip("[]").split(",")]

    def copy(self, rest):
        words = shlex.split(rest)
        source_root = self.context
        if words[0].startswith("--from="):
            source_root = self.stages[words.pop(0).removeprefix("--from=")].chroot.directory
        *sources, target = words
        into_folder = target.endswith("/") or len(sources) > 1
        destination = self.now.chroot.path(Path(self.now.directory) / target)
        for source in sources:
            if source_root == self.context and not any(Path(source).is_relative_to(sent) for sent in self.sent):
                raise SystemExit(f"fresh_machine: COPY {source}, which .dockerignore leaves out")
            origin = source_root / source.lstrip("/")
            place = destination / origin.name if into_folder and origin.is_file() else destination
            place.parent.mkdir(parents=True, exist_ok=True)
            if origin.is_dir():
                shutil.copytree(origin, place, dirs_exist_ok=True, symlinks=True)
            else:
                shutil.copy2(origin, place)

    def run(self, rest):
        script = f"cd {shlex.quote(self.now.directory)} && {rest}"
        if self.now.chroot.run(script, {"DEBIAN_FRONTEND": "noninteractive"}, shell="sh") != 0:
            raise SystemExit(f"fresh_machine: this step of the Dockerfile failed: {rest[:200]}")


setattr(ImageSteps, "from", ImageSteps.from_)
