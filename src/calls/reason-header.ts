/** Value of the Reason header (RFC 3326 §2) of what we end ourselves. */
export function ourReason(text: string): string {
  return `SIP;cause=480;text="${text}"`
}
