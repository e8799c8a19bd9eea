// The page that was wanted has this address, and comes as soon as there is a connection.
addEventListener("online", () => location.reload());
