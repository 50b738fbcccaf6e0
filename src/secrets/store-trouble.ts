/** Why the store cannot be used, and what to do about it. Becomes `secret_store_unusable`. */
export class StoreTrouble extends Error {
  override readonly name = 'StoreTrouble';
  readonly advice: string;

  constructor(reason: string, advice: string, cause?: unknown) {
    super(reason, { cause });
    this.advice = advice;
  }
}
