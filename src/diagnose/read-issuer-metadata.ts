import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { HttpClient } from '../lib/http-client.ts';
import { describe } from '../lib/describe-error.ts';
import { metadataUrls } from '../oauth/metadata-urls.ts';

const optionalText = z.string().optional().catch(undefined);
const optionalTexts = z.array(z.string()).optional().catch(undefined);

/** RFC 8414 §2 as far as sign-in and verification need it. */
const metadataSchema = z.looseObject({
  issuer: z.string(),
  jwks_uri: optionalText,
  authorization_endpoint: optionalText,
  token_endpoint: optionalText,
  registration_endpoint: optionalText,
  scopes_supported: optionalTexts,
  code_challenge_methods_supported: optionalTexts,
  client_id_metadata_document_supported: z.boolean().optional().catch(undefined),
});

export type MetadataDocument = z.output<typeof metadataSchema>;

/** One place where metadata can be, and what was there. */
export interface MetadataAnswer {
  readonly url: string;
  /** In a few words, where there is no document. */
  readonly problem: string | undefined;
  readonly document: MetadataDocument | undefined;
}

export interface IssuerMetadata {
  readonly answers: readonly MetadataAnswer[];
  /** The first that names this very issuer (RFC 8414 §3.3). */
  readonly document: MetadataDocument | undefined;
  /** How far the clock here is ahead of the issuer's; undefined where it sends no time. */
  readonly aheadMs: number | undefined;
}

const timeoutMs = 5_000;

/** Reads an issuer's metadata from every place where clients look for it. */
export async function readIssuerMetadata(issuer: string, http: HttpClient, now: Clock): Promise<IssuerMetadata> {
  const ahead: number[] = [];
  const readOne = async (url: string): Promise<MetadataAnswer> => {
    try {
      const askedAtMs = now();
      const answer = await http.send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs });
      const dateMs = Date.parse(answer.headers.get('date') ?? '');
      // Whole seconds, cut off: half of one on average.
      if (!Number.isNaN(dateMs)) ahead.push((askedAtMs + now()) / 2 - (dateMs + 500));
      if (answer.status !== 200) return { url, problem: `status ${answer.status}`, document: undefined };
      const parsed = metadataSchema.safeParse(await answer.json().catch(() => undefined));
      return parsed.success
        ? { url, problem: undefined, document: parsed.data }
        : { url, problem: 'no metadata document', document: undefined };
    } catch (error) {
      return { url, problem: describe(error), document: undefined };
    }
  };
  const answers = await Promise.all(metadataUrls(issuer).map(readOne));
  return {
    answers,
    document: answers.find(({ document }) => document?.issuer === issuer)?.document,
    aheadMs: ahead.length === 0 ? undefined : ahead.reduce((a, b) => (Math.abs(a) < Math.abs(b) ? a : b)),
  };
}
