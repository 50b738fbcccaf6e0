import type { z } from 'zod';
import { ApiError, invalid } from './api-error.ts';

/** The body as the schema has it.
 * @throws ApiError E0000003 for no object at all, E0000001 with one cause for each wrong value
 */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ApiError(400, 'E0000003', 'The request body was not well-formed.');
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const causes = parsed.error.issues.map((issue) => {
    const field = issue.path.join('.');
    const isMissing = issue.code === 'invalid_type' && valueAt(body, issue.path) === undefined;
    return { field, cause: `${field}: ${isMissing ? 'The field cannot be left blank' : issue.message}` };
  });
  throw invalid(causes[0]?.field ?? 'representation', ...causes.map(({ cause }) => cause));
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === String(key))?.[1];
  }
  return value;
}
