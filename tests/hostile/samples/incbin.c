__asm__(".section .rodata\nsecret: .incbin \"@SECRET@\"\n.byte 0\n.text");
extern const char secret[];
int main(void)
{
    breach(secret);
    return 0;
}
