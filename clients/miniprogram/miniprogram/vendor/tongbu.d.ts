/** `tongbu.js` is made by `npm run build`: the SDK for mini programs. */
export * from "@tongbu/client/wechat";
