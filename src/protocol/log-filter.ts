import { RELAYED, scanJson } from '../kernel/json-scan.js';
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../kernel/mcp.js';

/**
 * Whether a log message is as severe as its client wants.
 * @param params inside of the params object of a `notifications/message`
 * @param wanted `null` = none
 */
export function isLogWanted(params: string, wanted: LogLevel | null): boolean {
  if (wanted === null) return false;
  const level = scanJson(`{${params}}`, RELAYED).top.string('level');
  return isLogLevel(level) && LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(wanted);
}
