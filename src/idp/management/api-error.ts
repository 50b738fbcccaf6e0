import { makeId } from '../state/okta-id.ts';

/** A refusal of the management API, in Okta's form: `errorCode` and the words beside it.
 * Source: https://developer.okta.com/docs/reference/error-codes/, and the examples of Okta's OpenAPI
 * (github.com/okta/okta-management-openapi-spec).
 */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly causes: readonly string[];

  constructor(status: number, code: string, summary: string, causes: readonly string[] = []) {
    super(summary);
    this.status = status;
    this.code = code;
    this.causes = causes;
  }

  /** What stands in the body. */
  toBody(): Readonly<Record<string, unknown>> {
    return {
      errorCode: this.code,
      errorSummary: this.message,
      errorLink: this.code,
      errorId: makeId('oae'),
      errorCauses: this.causes.map((errorSummary) => ({ errorSummary })),
    };
  }
}

/** E0000001: a value that cannot be. `cause` begins with the field: `name: The field cannot be left blank`. */
export function invalid(field: string, ...causes: readonly string[]): ApiError {
  return new ApiError(400, 'E0000001', `Api validation failed: ${field}`, causes);
}

/** E0000007, by id and the type in Okta's words. */
export function notFound(id: string, type: string): ApiError {
  return new ApiError(404, 'E0000007', `Not found: Resource not found: ${id} (${type})`);
}

/** Something of that name is there already. */
export function taken(field: string): ApiError {
  return invalid(field, `${field}: An object with this field already exists in the current organization`);
}
