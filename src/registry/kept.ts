/** What stands for a stored secret, in answers and in requests that keep it. */
export const KEPT = '*****';
