import type { X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';
import { readCa } from '../../gateway/read-ca.ts';
import { describe } from '../../lib/describe-error.ts';
import { findFirstToEnd, findPath, parseCertificates } from '../certificate-path.ts';
import { type Check, failed, type Outcome, pass, type Patient, unknown, warned } from '../check.ts';
import { type CertificatePlace, listCertificatePlaces, speaksTls } from '../list-certificates.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** Whoever renews by itself has done so by then: ACME clients begin with a third of the life left, which is 30 of 90 days
 * (letsencrypt.org/docs/integration-guide, "When to Renew").
 */
const usualDays = 14;
const soonAtShareOfLife = 1 / 3;

/** Whether each certificate can be verified is what the checks that speak to its owner find out; this one is about how long. */
export const certificates: Check = {
  id: 'certificates',
  title: 'The TLS certificates of all who take part are good for a while',
  needs: [],
  applies: speaksTls,
  async run(patient) {
    const places = await listCertificatePlaces(patient);
    const trusted = (readCa(patient.config.caFile) ?? getCACertificates('default')).flatMap(parseCertificates);
    const judged = await Promise.all(places.map((place) => judge(place, trusted, patient)));
    const worst = order.flatMap((result) => judged.find((one) => one.result === result) ?? [])[0];
    const evidence = judged.map((one) => one.evidence).join('; ');
    const fix = judged.flatMap((one) => (one.result !== 'pass' && one.fix !== undefined ? [one.fix] : [])).join(' ');
    return { ...(worst ?? pass('')), evidence, ...(fix === '' ? {} : { fix }) };
  },
};

const order: readonly Outcome['result'][] = ['fail', 'warn', 'unknown', 'pass'];

async function judge(
  place: CertificatePlace,
  trusted: readonly X509Certificate[],
  { now, aids }: Patient,
): Promise<Outcome> {
  const name = `${place.where} (${place.roles.join(', ')})`;
  let path: readonly X509Certificate[];
  try {
    path = findPath(await place.read(), trusted);
  } catch (error) {
    return unknown(`${name}: ${describe(error)}`);
  }
  const first = findFirstToEnd(path);
  if (first === undefined) return unknown(`${name}: no certificate was sent`);
  const late = path.find(({ validFromDate }) => validFromDate.getTime() > now());
  if (late !== undefined) {
    return failed(`${name}: ${tell(late, path)} is not valid before ${late.validFromDate.toISOString()}`, {
      cause: 'certificate-not-yet-valid',
      fix: 'Set the clock of this machine (NTP), or wait until then; whoever put the certificate there was early.',
    });
  }
  const leftMs = first.validToDate.getTime() - now();
  const days = Math.floor(leftMs / dayMs);
  const which = `${tell(first, path)} ends first`;
  if (leftMs <= 0) {
    return failed(`${name}: ${tell(first, path)} ended on ${first.validToDate.toISOString()}`, {
      cause: 'certificate-expired',
      fix: adviceFor(place, first, path),
    });
  }
  const evidence = `${name}: ${days} days left, ${which}, on ${first.validToDate.toISOString()}`;
  if (leftMs >= limitMs(first, aids.certificateDays)) return pass(evidence);
  return warned(evidence, { cause: 'certificate-ends-soon', fix: adviceFor(place, first, path) });
}

/** Certificates that live for a week are not renewed two weeks ahead. */
function limitMs({ validFromDate, validToDate }: X509Certificate, days: number | undefined): number {
  if (days !== undefined) return days * dayMs;
  return Math.min(usualDays * dayMs, (validToDate.getTime() - validFromDate.getTime()) * soonAtShareOfLife);
}

/** Which one of the chain: who has to renew it is somebody else for each. */
function tell(certificate: X509Certificate, path: readonly X509Certificate[]): string {
  const at = path.indexOf(certificate);
  const kind = at === 0 ? 'its own' : at === path.length - 1 ? 'the authority' : 'the one between';
  return `${kind}, ${certificate.subject.replaceAll('\n', ', ')}${path.length === 1 ? '' : ` (${at + 1} of ${path.length})`},`;
}

function adviceFor(
  { where, kind }: CertificatePlace,
  first: X509Certificate,
  path: readonly X509Certificate[],
): string {
  if (kind === 'file') return `Put a new certificate at ${where}; it is taken without a restart.`;
  const at = path.indexOf(first);
  if (at === 0) return `Whoever runs ${where} has to renew its certificate.`;
  if (at < path.length - 1)
    return `Whoever runs ${where} has to send the new certificate between its own and the authority's.`;
  return `The authority itself ends: whoever runs ${where} needs a certificate of its successor, which has to be trusted here before (--ca-file).`;
}
