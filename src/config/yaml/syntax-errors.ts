import type { ErrorCode, YAMLParseError } from 'yaml'

/** Messages for the codes whose own messages quote the text. */
const words: Partial<Record<ErrorCode, string>> = {
  BAD_COLLECTION_TYPE: 'tags are not supported: everything is read as text',
  BAD_DIRECTIVE: 'a line that begins with % is a directive in YAML; text needs quotes',
  BAD_DQ_ESCAPE: 'Invalid escape sequence: write \\\\ for a backslash, or use single quotes',
  MULTIPLE_DOCS: 'a line of --- begins another document, and one is expected: delete the line and what does not belong here',
  TAG_RESOLVE_FAILED: 'tags are not supported: everything is read as text; text that begins with ! needs quotes',
}

/** The parser's message without quoted text, which may be a PIN or a password. */
export function messageWithoutText({ code, message }: Pick<YAMLParseError, 'code' | 'message'>): string {
  const own = words[code]
  if (own !== undefined) return own
  // "Block scalar header includes extra characters: …"
  return code === 'UNEXPECTED_TOKEN' ? message.replace(/:[\s\S]*$/, '') : message
}
