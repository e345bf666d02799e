/** The door `layover/client/ws`. */
export {}
