/** Certificates for tests, made on the spot with OpenSSL: they are good for two days. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Issued {
  cert: string;
  key: string;
  /** Key and certificate in one file, as Kafka reads them. */
  both: string;
}

export interface Authority {
  /** What those trust who trust it. */
  ca: string;
  /** A certificate for `localhost` and 127.0.0.1, or for another name. */
  issue(name?: string): Issued;
  remove(): void;
}

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'weir-ca-'));
  const file = (name: string): string => join(folder, name);
  const make = (name: string, ...args: string[]): void => {
    const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-subj', `/CN=${name}`];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...kind, ...files, ...args], { stdio: 'pipe' });
  };
  make('ca');
  return {
    ca: file('ca.pem'),
    issue(name = 'localhost') {
      const names = `subjectAltName=DNS:${name}${name === 'localhost' ? ',IP:127.0.0.1' : ''}`;
      const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')];
      make(name, ...signed, '-addext', names, '-addext', 'basicConstraints=critical,CA:FALSE');
      const [cert, key, both] = [file(`${name}.pem`), file(`${name}.key`), file(`${name}.both.pem`)];
      writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'));
      return { cert, key, both };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
