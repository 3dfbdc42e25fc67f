"""An authority for tests: certificates good and bad, made by openssl(1)."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    file: Path
    key: Path

    def table(self) -> dict[str, str]:
        """As [[certificate]] has it."""
        return {"file": str(self.file), "key": str(self.key)}


def openssl(*arguments: object, text: str = "") -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"openssl {' '.join(map(str, arguments))}\n{done.stderr}"
    return done.stdout


class Authority:
    """Its own certificate is `file`; what it has revoked is in `revocations`, once it has."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.file, self._key = folder / "ca.pem", folder / "ca.key"
        self.revocations = folder / "crl.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=Test authority", "-keyout", self._key, "-out", self.file)

    def certify(self, name: str, *names: str, begins: str = "20260101000000Z", ends: str = "20460101000000Z",
                self_signed: bool = False, extension: str = "") -> Certificate:
        """For the DNS names `names`, or `name` alone."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        alternative = extension or ",".join(f"DNS:{one}" for one in names or (name,))
        (self.folder / f"{name}.cnf").write_text(f"subjectAltName={alternative}\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-keyout", made.key, "-out", self.folder / f"{name}.csr")
        self._sign(name, made, begins, ends, self_signed)
        made.key.chmod(0o600)
        return made

    def _sign(self, name: str, made: Certificate, begins: str, ends: str, self_signed: bool) -> None:
        settings = self.folder / "ca.cnf"
        for file in ("index.txt", "index.txt.attr"):
            (self.folder / file).touch()
        settings.write_text(
            f"[ca]\ndefault_ca=it\n[it]\ndatabase={self.folder}/index.txt\nnew_certs_dir={self.folder}\n"
            f"rand_serial=yes\ndefault_md=sha256\npolicy=any\nunique_subject=no\ncrl_number={self.folder}/crlnumber\n"
            "default_crl_days=30\n[any]\ncommonName=supplied\n")
        who = ["-selfsign", "-keyfile", made.key] if self_signed else ["-cert", self.file, "-keyfile", self._key]
        openssl("ca", "-config", settings, "-batch", "-notext", *who, "-startdate", begins, "-enddate", ends,
                "-extfile", self.folder / f"{name}.cnf", "-in", self.folder / f"{name}.csr", "-out", made.file)

    def revoke(self, certificate: Certificate) -> Path:
        number = self.folder / "crlnumber"
        if not number.exists():
            number.write_text("01\n")
        settings = ["-config", self.folder / "ca.cnf", "-cert", self.file, "-keyfile", self._key]
        openssl("ca", *settings, "-revoke", certificate.file)
        openssl("ca", *settings, "-gencrl", "-out", self.revocations)
        return self.revocations
