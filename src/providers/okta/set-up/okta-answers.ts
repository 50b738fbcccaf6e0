import type { z } from 'zod';
import { parseJson } from '../../../lib/parse-json.ts';
import { fail, type UsherError } from '../../../model/usher-error.ts';
import { errorSchema } from './okta-shapes.ts';

/** Reads what an org answers. All that throws throws UsherError `setup_unavailable`. */
export interface OktaAnswers {
  parse<S extends z.ZodType>(path: string, text: string, schema: S): z.output<S>;
  parseList<S extends z.ZodType>(path: string, text: string, schema: S): readonly z.output<S>[];
  /** Where the next page is (RFC 8288). The token goes with the request, so it stays at the org. */
  parseNextPage(link: string | null): string | undefined;
  /** `setup_refused` in the words of Okta, or `setup_unavailable` where it was not Okta that answered.
   * @param action what was refused: `POST /api/v1/apps`
   */
  readRefusal(action: string, status: number, text: string): UsherError;
  unavailable(reason: string, cause?: unknown): UsherError;
}

export function buildAnswers(origin: string): OktaAnswers {
  const unavailable: OktaAnswers['unavailable'] = (reason, cause) =>
    fail('setup_unavailable', { title: 'Okta', target: origin, reason }, cause === undefined ? {} : { cause });

  const parseAs = <S extends z.ZodType>(path: string, value: unknown, schema: S): z.output<S> => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    throw unavailable(`${path} is not in the form that Okta documents${where === '' ? '' : ` (${where})`}`);
  };

  const parseText = (path: string, text: string): unknown => {
    const value = parseJson(text);
    if (value === undefined) throw unavailable(`${path} is no JSON`);
    return value;
  };

  return {
    parse: (path, text, schema) => parseAs(path, parseText(path, text), schema),
    parseList: (path, text, schema) => {
      const list = parseText(path, text);
      if (!Array.isArray(list)) throw unavailable(`${path} is no list`);
      return list.map((item: unknown) => parseAs(path, item, schema));
    },
    parseNextPage: (link) => {
      const next = /<([^<>]*)>\s*;[^,<]*rel="?next"?/.exec(link ?? '')?.[1];
      if (next === undefined) return undefined;
      const url = URL.parse(next, origin);
      if (url?.origin !== origin) throw unavailable('its next page is somewhere else');
      return url.href;
    },
    readRefusal: (action, status, text) => {
      const parsed = errorSchema.safeParse(parseJson(text));
      if (!parsed.success) return unavailable(`${action} was answered with status ${status}`);
      const { errorCode: code, errorSummary, errorCauses } = parsed.data;
      const words = [errorSummary, ...errorCauses.map((cause) => cause.errorSummary)].join('; ');
      const description = `${words}${adviceOf(code)}`;
      return fail('setup_refused', { title: 'Okta', target: origin, action, status, code, description });
    },
    unavailable,
  };
}

/** Source: https://developer.okta.com/docs/reference/error-codes/ */
function adviceOf(errorCode: string): string {
  switch (errorCode) {
    case 'E0000011':
      return ' (make a new API token: Security → API → Tokens)';
    case 'E0000006':
      return ' (the API token needs an administrator who may manage authorization servers, apps and groups)';
    case 'E0000015':
      return ' (authorization servers of your own need API Access Management in the plan of the org)';
    default:
      return '';
  }
}
