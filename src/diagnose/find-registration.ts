import { parseJson } from '../lib/parse-json.ts';
import { isObject } from '../lib/is-object.ts';
import type { KnownRefusal, RefusalAnswer } from '../model/provider.ts';
import { findKnownRefusal } from '../providers/find-known-refusal.ts';
import type { Patient } from './check.ts';
import { providerOfIssuer } from './provider-of-issuer.ts';
import type { MetadataDocument } from './read-issuer-metadata.ts';

/** Whether clients may register themselves (RFC 7591) at an issuer. */
export interface Registration {
  readonly isOpen: boolean;
  /** Why not, where the metadata say otherwise: in the provider's words, and what they mean. */
  readonly refused?: { readonly words: string; readonly known: KnownRefusal };
}

const timeoutMs = 5_000;

/** What its metadata say; and where they name the endpoint either way, what that answers to a registration nobody would take. */
export async function findRegistration(document: MetadataDocument, patient: Patient): Promise<Registration> {
  const { registration_endpoint: url, issuer } = document;
  if (url === undefined) return { isOpen: false };
  const provider = providerOfIssuer(patient, issuer);
  const { unfitRegistration } = provider;
  if (unfitRegistration === undefined) return { isOpen: true };
  const answer = await ask(url, unfitRegistration, patient).catch(() => undefined);
  const known = answer === undefined ? undefined : findKnownRefusal(provider, answer);
  if (answer === undefined || known?.id.endsWith('-registration-off') !== true) return { isOpen: true };
  return { isOpen: false, refused: { words: answer.description, known } };
}

async function ask(url: string, unfit: Readonly<Record<string, unknown>>, { http }: Patient): Promise<RefusalAnswer> {
  const answer = await http.send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(unfit),
    timeoutMs,
  });
  const parsed = parseJson(await answer.text());
  const body = isObject(parsed) ? parsed : {};
  const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
  // RFC 7591 §3.2.2; Auth0 has another form.
  const description = textOf(body['error_description'] ?? body['message']);
  return { status: answer.status, error: textOf(body['error']), description };
}
