import type { Secret } from '../model/secret.ts';

/** A setting that a file asks for, by the flag that means it. */
export interface ImportedSetting {
  /** `image` and `args`, which are arguments, not flags, by these names. */
  readonly flag: string;
  /** Where it stands in the file: `oidc_config.Issuer`. */
  readonly key: string;
  /** What the flag would be given, or where a secret is. */
  readonly value:
    | { readonly texts: readonly string[] }
    | { readonly file: string }
    /** The name of one in the secret store. */
    | { readonly reference: string }
    | { readonly secret: Secret };
}

/** Something about a part of the file. */
export interface Remark {
  readonly key: string;
  readonly what: string;
}

/** What a file means here. */
export interface ImportPlan {
  readonly name: string | undefined;
  readonly group: string | undefined;
  readonly settings: readonly ImportedSetting[];
  /** The only tools that may be used; undefined: all. */
  readonly tools: readonly string[] | undefined;
  /** Does it say who may call? */
  readonly hasCallers: boolean;
  /** What is not taken over, or means something else here, without harm. */
  readonly remarks: readonly Remark[];
  /** What cannot be taken over, and is not left out unless somebody says so by its key. */
  readonly blocked: readonly Remark[];
  /** What is wrong with the file. */
  readonly problems: readonly Remark[];
}

/** Gathers a plan. */
export class PlanDraft {
  readonly settings: ImportedSetting[] = [];
  readonly remarks: Remark[] = [];
  readonly blocked: Remark[] = [];
  readonly problems: Remark[] = [];

  /** Nothing is set by a list that is empty, nor by an empty text: the file has such where nothing is said. */
  set(flag: string, key: string, value: string | number | boolean | readonly string[] | undefined): void {
    const texts = Array.isArray(value) ? value.map(String) : value === undefined || value === '' ? [] : [String(value)];
    if (texts.length > 0) this.settings.push({ flag, key, value: { texts } });
  }

  place(flag: string, key: string, value: Exclude<ImportedSetting['value'], { texts: unknown }>): void {
    this.settings.push({ flag, key, value });
  }

  remark(key: string, what: string): void {
    this.remarks.push({ key, what });
  }

  block(key: string, what: string): void {
    if (!this.blocked.some((one) => one.key === key)) this.blocked.push({ key, what });
  }

  refuse(key: string, what: string): void {
    this.problems.push({ key, what });
  }
}

/** Is something said? Go writes what is absent as null, or as nothing. */
export function isSaid(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
