export const devices = {
  title: "Devices",
  signIn: {
    title: "Sign in to Tongbu",
    text: "Scan a code on a signed-in device, or paste a token or link code.",
    field: "Token or link code",
    submit: "Sign in",
    empty: "Paste a token or a link code first.",
    refused: (message: string) => `That did not work: ${message}`,
    connecting: "Signing in…",
  },
};
