int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(@PORT@)};
    struct sockaddr_un abstract = {.sun_family = AF_UNIX};
    int stream = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(stream, (struct sockaddr *)&address, sizeof address) == 0)
        breach("a server of this machine");
    memcpy(abstract.sun_path + 1, "@ABSTRACT@", strlen("@ABSTRACT@"));
    if (connect(local, (struct sockaddr *)&abstract,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen("@ABSTRACT@"))) == 0)
        breach("an abstract socket of this machine");
    address.sin_addr.s_addr = inet_addr("192.0.2.1");
    fcntl(stream, F_SETFL, O_NONBLOCK);
    if (socket(AF_INET, SOCK_RAW, 255) != -1 || socket(AF_PACKET, SOCK_RAW, 0) != -1)
        breach("a raw socket");
    stream = socket(AF_INET, SOCK_STREAM, 0);
    fcntl(stream, F_SETFL, O_NONBLOCK);
    if (connect(stream, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS)
        breach("a way to the network");
    return 0;
}
