import type { ApiAnswer, ApiContext, ApiRequest } from './api.ts';
import { invalid } from './api-error.ts';

/** One page of a list, with a link to the next where there is more.
 * Source: https://developer.okta.com/docs/reference/core-okta-api/#pagination: `limit` is how many, `after` an opaque
 * cursor; here it is the id of the last one on the page before.
 * @param most how many a page may have, and has by default
 */
export function page<T extends { readonly id: string }>(
  { base }: ApiContext,
  { query, path }: ApiRequest,
  { list, most = 200, show }: { list: readonly T[]; most?: number; show: (item: T) => unknown },
): ApiAnswer {
  const limit = query.get('limit');
  const size = limit === null || limit === '-1' ? most : Number(limit);
  if (!Number.isInteger(size) || size < 1 || size > most) {
    throw invalid('limit', `limit: must be between 1 and ${most}`);
  }
  const after = query.get('after');
  const start = after === null ? 0 : list.findIndex(({ id }) => id === after) + 1;
  if (after !== null && start === 0) throw invalid('after', 'after: The cursor is not valid');
  const items = list.slice(start, start + size);
  const links = [`<${linkTo(base, path, query)}>; rel="self"`];
  const last = items.at(-1);
  if (last !== undefined && start + size < list.length) {
    const next = new URLSearchParams(query);
    next.set('after', last.id);
    next.set('limit', String(size));
    links.push(`<${linkTo(base, path, next)}>; rel="next"`);
  }
  return { status: 200, body: items.map(show), headers: { Link: links.join(', ') } };
}

function linkTo(base: string, path: string, query: URLSearchParams): string {
  return `${base}/api/v1${path}${query.size === 0 ? '' : `?${query.toString()}`}`;
}
