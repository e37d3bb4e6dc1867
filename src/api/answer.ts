/** A body with what belongs into headers; the interceptor takes it apart. */
export class Answer {
  constructor(
    readonly body: unknown,
    readonly about: {
      /** Of the one entity in the body: `ETag` (API.md §1.8). */
      readonly version?: number;
      /** Path of what was created. */
      readonly location?: string;
      /** Where a list goes on; `null` = nowhere. */
      readonly nextCursor?: string | null;
    } = {},
  ) {}
}

export const etagOf = (version: number): string => `"v${version}"`;
